using System.CommandLine;
using Sidestep.Api.Audit;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep audit verify FILE</c>: whether an audit log is as the director wrote it.</summary>
public static class AuditCommand
{
    /// <summary>Creates the <c>audit</c> command with its subcommand.</summary>
    public static Command Create()
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "The audit log; earlier files of it first.",
            Arity = ArgumentArity.OneOrMore,
        };
        var journal = new Option<string?>("--journal")
        {
            Description = "A file with the log of sidestepd, which has the head of the audit log after each entry; - "
                + "is standard input. Without it, a missing end of the audit log is not noticed.",
        };
        var verify = new Command("verify",
            "Verify the chain of hashes of an audit log, and compare it with the heads in the journal: journalctl -u "
            + "sidestepd | sidestep audit verify FILE --journal -. Exit codes: 0: intact; 1: changed or incomplete; 2: "
            + "a file cannot be read.")
        {
            files, journal,
        };
        verify.SetAction(parsed =>
        {
            var console = parsed.InvocationConfiguration;
            try
            {
                using var from = parsed.GetValue(journal) is not { } path ? TextReader.Null
                    : path == "-" ? Console.In : new StreamReader(path);
                var result = AuditVerification.Verify(parsed.GetRequiredValue(files).SelectMany(File.ReadLines),
                    LinesOf(from));
                if (result.Fault is { } fault)
                {
                    console.Error.WriteLine($"error: {fault}. The {result.Entries} entries before are intact.");
                    return ExitCode.Failed;
                }
                console.Output.WriteLine($"{result.Entries} entries are intact; {result.Compared} heads of the journal "
                    + $"agree. The head is {result.Head ?? AuditChain.Start}."
                    + (result.First > 1 ? $" Entries before {result.First} are not in these files." : ""));
                return ExitCode.Ok;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                console.Error.WriteLine($"error: {e.Message}");
                return ExitCode.Unusable;
            }
        });
        return new Command("audit", "The audit log of a director.") { verify };
    }

    private static IEnumerable<string> LinesOf(TextReader reader)
    {
        while (reader.ReadLine() is { } line)
            yield return line;
    }
}
