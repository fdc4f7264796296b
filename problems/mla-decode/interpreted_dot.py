"""Mends Triton's interpreter, which stands in for a GPU: it multiplies the bits of bfloat16 as if they were whole numbers
(seen in Triton 3.6)."""


def mend():
    """Does nothing where Triton is not installed, or looks different inside."""
    try:
        import triton.language as tl
        from triton.runtime.interpreter import InterpreterBuilder, TensorHandle
    except ImportError:
        return
    multiply = InterpreterBuilder.create_dot

    def widened(builder, operand):
        if operand.dtype.scalar != tl.bfloat16:
            return operand
        return TensorHandle(builder.cast_impl(operand, tl.float32).data, tl.float32)

    def create_dot(self, a, b, *rest):
        return multiply(self, widened(self, a), widened(self, b), *rest)

    InterpreterBuilder.create_dot = create_dot
