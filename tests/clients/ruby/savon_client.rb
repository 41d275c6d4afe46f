# The scenario by savon in document/literal, from the live WSDL.
require "savon"
require_relative "steps"

# Otherwise the keys of a response are symbols in snake case.
api = Savon.client(wsdl: ARGV[0], convert_response_tags_to: :itself.to_proc)

run_steps do |method, params|
  response = api.call(method.gsub(/([A-Z])/, '_\1').downcase.to_sym, message: params)
  result = response.body["#{method}Response"]["#{method}Result"]
  result.is_a?(Hash) && result["success"] ? result.merge("items" => records(result["items"])) : result
rescue Savon::SOAPFault => e
  fault = e.to_hash["Fault"]
  raise Fault.new(fault["faultcode"], fault["faultstring"])
end
