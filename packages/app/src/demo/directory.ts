/** Where the demo keeps its data when it is not told otherwise; the command line looks for a running demo there. */
export const DEMO_DIRECTORY = "data/demo";
