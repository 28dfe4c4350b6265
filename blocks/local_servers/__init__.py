"""Model servers on this machine: Ollama, LM Studio, llama.cpp, vLLM."""
