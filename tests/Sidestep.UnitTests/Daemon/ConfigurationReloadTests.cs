using Sidestep.Api.Status;
using Sidestep.Daemon;
using Sidestep.Model;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon;

public sealed class ConfigurationReloadTests : IDisposable
{
    private const string Rejected =
        "error: the changed configuration is not applied: keeping the previous configuration";
    private readonly TempFolder _folder = new();
    private readonly TestLog _log = new();
    private readonly List<Configuration> _proposed = [];
    private readonly StatusReporter _status;
    private readonly ConfigurationReload _reload;
    private string? _rejection;

    public ConfigurationReloadTests()
    {
        _status = new StatusReporter(new DaemonStatus { Running = true });
        _reload =
            new ConfigurationReload(new ConfigurationFile(_folder.Path("d.yaml"), static () =>
            TestDirector.Host, new ManualTime()),
            TestDirector.Configuration.Director, _ => _rejection, _proposed.Add, _status, _log.Log);
    }

    [Fact]
    public void Valid_configuration_is_proposed_and_clears_the_errors_of_the_file()
    {
        _status.SetFileErrors(["line 1"]);
        Run(TestDirector.Yaml);
        Assert.Equal(["www", "dns"], Assert.Single(_proposed).VirtualServices.Select(static s => s.Name));
        Assert.Equal("info: the configuration file changed", _log.Lines[^1]);
        Assert.Empty(_status.Current.Errors);
    }

    [Fact]
    public void Errors_are_logged_and_reported_and_nothing_is_proposed()
    {
        Run(TestDirector.Yaml.Replace("dsrType: l2", "dsrType: l9", StringComparison.Ordinal));
        Assert.Empty(_proposed);
        var error = Assert.Single(_status.Current.Errors);
        Assert.StartsWith(_folder.Path("d.yaml") + ":", error, StringComparison.Ordinal);
        Assert.Equal([$"error: {error}", Rejected], _log.Lines);
    }

    [Fact]
    public void Missing_file_is_an_error()
    {
        _reload.Run();
        Assert.StartsWith(_folder.Path("d.yaml") + ": ", Assert.Single(_status.Current.Errors),
            StringComparison.Ordinal);
        Assert.Equal(Rejected, _log.Lines[^1]);
    }

    [Theory]
    [InlineData("name: edge1", "name: edge2")]
    [InlineData("name: edge1", "name: edge1\n  pinPath: /sys/fs/bpf/other")]
    public void Name_and_pin_path_cannot_change(string text, string replacement)
    {
        Run(TestDirector.Yaml.Replace(text, replacement, StringComparison.Ordinal));
        Assert.Equal(
            ["director.name and director.pinPath cannot change while the daemon runs: they identify its state. "
                + "Restart the daemon"],
            _status.Current.Errors);
        Assert.Empty(_proposed);
    }

    [Fact]
    public void Configuration_that_the_engine_cannot_apply_is_rejected_with_the_reason()
    {
        _rejection = "another engine";
        Run(TestDirector.Yaml);
        Assert.Equal(["another engine"], _status.Current.Errors);
        Assert.Equal(["error: another engine", Rejected], _log.Lines[^2..]);
        Assert.Empty(_proposed);
    }

    public void Dispose() => _folder.Dispose();

    private void Run(string yaml)
    {
        _folder.Write("d.yaml", yaml);
        _reload.Run();
    }
}
