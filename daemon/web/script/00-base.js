// The page works without this; scripts only add what a form cannot do.
