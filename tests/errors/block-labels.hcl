target {
  tags = ["ghcr.io/acme/app:1"]
}

variable "A" "B" {}
