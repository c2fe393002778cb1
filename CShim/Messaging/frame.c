int rm_placeholder(void); int rm_placeholder(void){return 0;}
