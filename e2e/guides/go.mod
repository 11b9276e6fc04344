module vestibule.example/e2e/guides

go 1.26
