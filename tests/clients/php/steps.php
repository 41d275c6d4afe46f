<?php
// Runs the steps from standard input through a call function and prints the report.

declare(strict_types=1);

/** The protocol refused the call. */
class Refused extends Exception
{
    public function __construct(public readonly string $faultCode, string $message)
    {
        parent::__construct($message);
    }
}

// A warning, such as of a malformed WSDL, is a failure.
set_error_handler(function (int $level, string $message): never {
    throw new ErrorException($message, 0, $level);
});

/** @param callable $call takes a method's name and its parameters by name, in the API's order. */
function run_steps(callable $call): void
{
    $report = [];
    foreach (json_decode(file_get_contents('php://stdin'), true) as $step) {
        try {
            $answer = $call($step['method'], filled($step['params'], $report));
        } catch (Refused $error) {
            $answer = ['fault' => ['code' => $error->faultCode, 'message' => $error->getMessage()]];
        }
        $report[$step['name']] = $answer;
    }
    echo json_encode($report, JSON_THROW_ON_ERROR | JSON_PRESERVE_ZERO_FRACTION);
}

function filled(mixed $value, array $report): mixed
{
    if (is_array($value)) {
        return array_map(fn ($inner) => filled($inner, $report), $value);
    }
    if (!is_string($value) || !str_starts_with($value, '$')) {
        return $value;
    }
    [$step, $field] = explode('.', substr($value, 1));
    // Null where that step went wrong: the report shows it, and what followed from it.
    return ((array) $report[$step])['items'][0][$field] ?? null;
}
