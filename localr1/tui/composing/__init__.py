"""What helps to write a question: files and pastes as chips, completion, earlier questions."""
