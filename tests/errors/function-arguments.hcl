# bakeplan print
function "f" {
  params = [name, version]
  result = "${name}-${version}"
}
function "g" {
  params          = [first, second]
  variadic_params = rest
  result          = first
}
target "default" {
  context    = f("x")
  dockerfile = f()
  target     = f("a", "b", "c")
  network    = g("a")
  tags       = [replace("a", "b")]
  platforms  = [upper()]
}
