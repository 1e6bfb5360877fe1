using System.CommandLine;
using System.CommandLine.Parsing;

namespace Sidestep.Cli.Contexts;

/// <summary>The option <c>--context</c>.</summary>
internal sealed class ContextOption
{
    private readonly Option<string?> _option = new("--context")
    {
        Description = "A director of another machine, by the name that sidestep login gave it; local: this machine. "
            + "Without it: $SIDESTEP_CONTEXT, or the context of sidestep context use.",
    };
    private readonly ContextFile _file = ContextFile.OfUser();

    /// <summary>Adds the option to a command.</summary>
    internal ContextOption(Command command) => command.Add(_option);

    /// <summary>True if the command line has the option.</summary>
    internal bool IsGiven(SymbolResult result) => result.GetResult(_option) is { Implicit: false };

    /// <summary>Reads the selected context; null: the director on this machine.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="isLocal">True: other options name a director of this machine.</param>
    /// <param name="context">The context.</param>
    /// <returns>False: it cannot be used, which was reported.</returns>
    internal bool TryRead(ParseResult parsed, bool isLocal, out DirectorContext? context)
    {
        context = null;
        try
        {
            if (!isLocal)
                context = _file.Select(parsed.GetValue(_option));
            return true;
        }
        catch (ContextException e)
        {
            parsed.InvocationConfiguration.Error.WriteLine($"error: {e.Message}");
            return false;
        }
    }
}
