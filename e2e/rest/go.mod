module vestibule.example/e2e/rest

go 1.26
