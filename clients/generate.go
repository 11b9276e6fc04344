package clients

//go:generate go -C accounts tool oapi-codegen -config oapi.yaml openapi.yaml
//go:generate go -C catalog tool oapi-codegen -config oapi.yaml openapi.yaml
//go:generate go -C orders tool oapi-codegen -config oapi.yaml openapi.yaml
//go:generate go -C shipping tool oapi-codegen -config oapi.yaml openapi.yaml
