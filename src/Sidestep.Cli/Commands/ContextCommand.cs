using System.CommandLine;
using Sidestep.Cli.Contexts;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep context</c>: the directors of other machines that commands can use.</summary>
public static class ContextCommand
{
    /// <summary>Creates the <c>context</c> command with its subcommands.</summary>
    /// <param name="file">Stores contexts.</param>
    public static Command Create(ContextFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var list = new Command("list", "Show the contexts; * marks the one that commands use. Exit codes: 0: shown; "
            + "2: they cannot be read.");
        list.SetAction(parsed => Run(parsed.InvocationConfiguration, () =>
        {
            var contexts = file.Read();
            var table = new ReportTable(["", "context", "director", "by"]);
            foreach (var context in contexts.Contexts)
            {
                table.AddRow(context.Name == contexts.Current ? "*" : "", context.Name, $"{context.Server}",
                    context.Token is not null ? "token" : $"certificate {context.CertFile}");
            }
            table.Write(TextConsole.On(parsed.InvocationConfiguration.Output));
        }));
        var name = new Argument<string>("NAME")
        {
            Description = $"The context; {ContextFile.Local} is this machine.",
        };
        var use = new Command("use",
            "Select the context that commands use without --context. Exit codes: 0: selected; 2: there is no such "
            + "context.")
        {
            name,
        };
        use.SetAction(parsed => Run(parsed.InvocationConfiguration, () => file.Use(parsed.GetRequiredValue(name))));
        return new Command("context", "The directors of other machines that commands can use (sidestep login).")
        {
            list, use,
        };
    }

    private static int Run(InvocationConfiguration console, Action run)
    {
        try
        {
            run();
            return ExitCode.Ok;
        }
        catch (ContextException e)
        {
            console.Error.WriteLine($"error: {e.Message}");
            return ExitCode.Unusable;
        }
    }
}
