int AllocationCounter_p(void);
