int RawBaseline_p(void); int RawBaseline_p(void){return 0;}
