using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text.Json.Serialization.Metadata;
using Sidestep.Api;

namespace Sidestep.Cli;

/// <summary>The option <c>--schema</c>, which prints the JSON Schema of a command's output and ends, whatever else the
/// command line has or lacks.</summary>
internal static class SchemaOption
{
    /// <summary>Creates the option.</summary>
    /// <param name="type">The type of the output.</param>
    /// <param name="command">The command that prints such JSON.</param>
    internal static Option<bool> Of<T>(JsonTypeInfo<T> type, string command) => new("--schema")
    {
        Description = "Print the JSON Schema of that object, and exit.",
        Action = new Printing(() => OutputSchema.Of(type, $"Output of {command}")),
    };

    private sealed class Printing(Func<string> schema) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.Write(schema());
            return ExitCode.Ok;
        }
    }
}
