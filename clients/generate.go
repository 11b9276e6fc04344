package clients

//go:generate go -C shipping tool oapi-codegen -config oapi.yaml openapi.yaml
