/** The lines that make up a search/replace block; the grammar is OpenEvolve's. */
export const editMarkers = {
  search: '<<<<<<< SEARCH',
  divider: '=======',
  replace: '>>>>>>> REPLACE',
} as const;
