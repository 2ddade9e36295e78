"""Connected accounts and the words in which platforms speak to the inbox."""
