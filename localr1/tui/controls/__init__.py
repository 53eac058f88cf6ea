"""What a person can do with a model's thinking; the chat screen hands their actions over."""
