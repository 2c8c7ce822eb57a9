/** A page does it all on the spot: its threads cannot load modules of their own by path. */
export const openThreads = async (): Promise<null> => null;
