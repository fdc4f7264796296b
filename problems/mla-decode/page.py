"""Layout of the memory page by which the judge and a candidate's process signal each other, in bytes."""

BEGIN = 0  # u64: the call that may begin
DONE = 8  # u64: the last call that is done
ANSWER = 16  # u32 length, then JSON
PAGE_BYTES = 32768
