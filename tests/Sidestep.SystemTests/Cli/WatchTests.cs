namespace Sidestep.SystemTests.Cli;

/// <summary><c>--watch</c> repeats a command.</summary>
public sealed class WatchTests(RunningDaemon running) : IClassFixture<RunningDaemon>
{
    [Theory]
    [InlineData("status", "test: on eth0")]
    [InlineData("get pools", "pool  ")]
    public void Output_is_repeated_below_the_previous_one(string command, string text)
    {
        using var watch = new ChildProcess("sidestep", [Repository.Executable("Sidestep.Cli", "sidestep"),
            .. command.Split(' '), "--watch", "--name", running.Segment.File.Name, "--pin-path",
            running.Segment.File.PinPath]);
        Eventually.True(() => watch.Output.Split(text).Length > 2, () => watch.CombinedOutput);
        Assert.DoesNotContain('\x1b', watch.Output);
    }
}
