# NPM_TOKEN=hunter2 bakeplan plan
variable "NPM_TOKEN" {}

target "app" {
  tags      = ["ghcr.io/acme/app:${NPM_TOKEN} x"]
  platforms = [base64encode(NPM_TOKEN)]
  ulimits   = ["${NPM_TOKEN}=1"]
}
