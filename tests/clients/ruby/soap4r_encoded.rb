# The scenario by soap4r in rpc/encoded, without a WSDL.
require "soap/rpc/driver"
require_relative "steps"

api = SOAP::RPC::Driver.new(ARGV[0], ARGV[0])

run_steps do |method, params|
  api.add_method(method, *params.keys)
  api.send(method, *params.values)
rescue SOAP::FaultError => e
  raise Fault.new(e.faultcode.data, e.message)
end
