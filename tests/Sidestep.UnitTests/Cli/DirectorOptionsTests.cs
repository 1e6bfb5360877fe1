using Sidestep.Cli;
using Sidestep.Cli.Commands;

namespace Sidestep.UnitTests.Cli;

/// <summary>The director that <c>--config</c> selects.</summary>
public sealed class DirectorOptionsTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Configuration_file_selects_the_director_that_it_names()
    {
        var (selected, error) = Select("""
            node:
              name: edge7
              pinPath: /sys/fs/bpf/seven
              interfaces: [{ name: eth0 }]
            group:
              hashKey: 5f1d3c0e8a7b46925d20c9e4b6a1f873
            """);
        Assert.Equal((("edge7", "/sys/fs/bpf/seven"), ""), (selected, error));
    }

    [Fact]
    public void Invalid_configuration_file_is_reported_with_the_other_options()
    {
        var (selected, error) = Select("node: {}\n");
        Assert.Null(selected);
        Assert.Contains($"{_file}:1:7: error: node.interfaces: the section node must have the key interfaces.", error,
            StringComparison.Ordinal);
        Assert.EndsWith($"{_file}: you can still select the running director with --name and --pin-path.\n", error,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_configuration_file_is_unusable()
    {
        var run = CommandRun.Of(StatusCommand.Create(static _ => null), "--config", _file + ".missing");
        Assert.Equal((ExitCode.Unusable, ""), (run.Code, run.Output));
        Assert.StartsWith($"{_file}.missing: error: cannot be read: ", run.Error, StringComparison.Ordinal);
    }

    private ((string, string)? Selected, string Error) Select(string yaml)
    {
        File.WriteAllText(_file, yaml);
        (string, string)? selected = null;
        var run = CommandRun.Of(StatusCommand.Create(d =>
        {
            selected = (d.Name, d.PinPath);
            return TestDirector.Status;
        }), "-c", _file);
        Assert.Equal(selected is null ? ExitCode.Unusable : ExitCode.Ok, run.Code);
        return (selected, run.Error);
    }
}
