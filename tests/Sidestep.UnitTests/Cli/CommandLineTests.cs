using System.CommandLine;
using Sidestep.Cli;
using Sidestep.Cli.Commands;

namespace Sidestep.UnitTests.Cli;

public sealed class CommandLineTests
{
    [Fact]
    public void Exit_code_of_the_action_is_returned()
    {
        var command = new Command("seven");
        command.SetAction(static _ => 7);
        Assert.Equal(new CommandRun(7, "", ""), CommandRun.Of(command));
    }

    [Theory]
    [InlineData("--unknown")]
    [InlineData("surplus")]
    public void Wrong_command_line_is_unusable_and_runs_nothing(string argument)
    {
        var command = new Command("seven");
        command.SetAction(static int (_) => throw new InvalidOperationException("must not run"));
        var (code, _, error) = CommandRun.Of(command, argument);
        Assert.Equal(ExitCode.Unusable, code);
        Assert.Contains($"'{argument}'", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_subcommand_of_config_is_unusable() =>
        Assert.Equal(ExitCode.Unusable, CommandRun.Of(ConfigCommand.Create(), "chekc").Code);

    [Fact]
    public void Config_schema_prints_the_shipped_schema()
    {
        var (code, output, error) = CommandRun.Of(ConfigCommand.Create(), "schema");
        Assert.Equal((ExitCode.Ok, ""), (code, error));
        Assert.Equal(Testing.Repository.Read("docs/sidestep.schema.json"), output);
    }

    [Fact]
    public void Null_root_is_rejected() =>
        Assert.Throws<ArgumentNullException>(static () => CommandLine.Run(null!, []));
}
