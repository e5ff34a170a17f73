# VERSION=one bakeplan plan
variable "VERSION" {
  default = "1.0"
  validation {
    condition     = can(regex("^[0-9.]+$", VERSION))
    error_message = "VERSION has only digits and dots, not ${VERSION}."
  }
  validation {
    condition = VERSION != "one"
  }
}
