using System.CommandLine;
using System.Text.Json.Nodes;
using Sidestep.Cli;

namespace Sidestep.UnitTests.Cli;

/// <summary>The result of a command that ran in this process.</summary>
/// <param name="Code">The exit code.</param>
/// <param name="Output">What it wrote to standard output.</param>
/// <param name="Error">What it wrote to standard error.</param>
internal sealed record CommandRun(int Code, string Output, string Error)
{
    /// <summary>The output without the padding of tables.</summary>
    public string[] Lines => [.. Output.Split('\n',
        StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    public static CommandRun Of(Command command, params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var code = CommandLine.Run(new RootCommand { command }, [command.Name, .. arguments],
            new InvocationConfiguration { Output = output, Error = error });
        return new CommandRun(code, output.ToString(), error.ToString());
    }

    /// <summary>What <paramref name="write"/> writes.</summary>
    public static string TextOf(Action<TextWriter> write)
    {
        using var output = new StringWriter { NewLine = "\n" };
        write(output);
        return output.ToString();
    }

    /// <summary>JSON without white space, with the escapes of the serializer.</summary>
    public static string Compact(string json) => JsonNode.Parse(json)!.ToJsonString();

    /// <summary>The cells of a table's row, whose columns are at least two spaces apart.</summary>
    public static string[] Cells(string line) =>
        line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
