int RawBaseline_p(void);
