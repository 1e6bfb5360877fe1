using System.CommandLine;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep completion SHELL</c>: a script by which a shell completes commands.</summary>
public static class CompletionCommand
{
    private const string Bash = "bash", Zsh = "zsh";

    /// <summary>The program itself knows what is possible at a position of a line: the directive <c>suggest</c> of
    /// System.CommandLine. Its help has aliases of Windows, /? and /h.</summary>
    private const string BashScript = """
        _sidestep() {
            local word=${COMP_WORDS[COMP_CWORD]}
            local IFS=$'\n'
            local possible=$(sidestep "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null | grep -v '^/')
            COMPREPLY=($(compgen -W "$possible" -- "$word"))
        }
        complete -o default -F _sidestep sidestep

        """;

    private const string ZshScript = """
        #compdef sidestep
        _sidestep() {
            local -a possible
            possible=("${(@f)$(sidestep "[suggest:${#BUFFER}]" "$BUFFER" 2>/dev/null | grep -v '^/')}")
            compadd -- $possible || _files
        }
        compdef _sidestep sidestep

        """;

    /// <summary>Creates the <c>completion</c> command.</summary>
    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = $"{Bash} or {Zsh}." };
        shell.AcceptOnlyFromAmong(Bash, Zsh);
        var command = new Command("completion",
            "Print a script that completes commands, options and kinds: source <(sidestep completion bash). Exit "
                + "codes: 0: printed.")
        {
            shell,
        };
        command.SetAction(parsed => parsed.InvocationConfiguration.Output.Write(
            parsed.GetRequiredValue(shell) == Bash ? BashScript : ZshScript));
        return command;
    }
}
