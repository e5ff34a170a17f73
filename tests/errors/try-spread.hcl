# bakeplan print
target "default" {
  context    = try("x"...)
  dockerfile = can([1, 2]...)
  target     = try([]...)
  network    = convert("1", [string]...)
  tags       = [try({ a = 1 }...)]
}
