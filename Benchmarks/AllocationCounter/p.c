int AllocationCounter_p(void); int AllocationCounter_p(void){return 0;}
