using Sidestep.Api.Configurations;
using Sidestep.Api.Status;
using Sidestep.Control.Stores;
using Sidestep.Daemon;
using Sidestep.Model;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon;

public sealed class ConfigurationReloadTests
{
    private const string Rejected =
        "error: the changed configuration is not applied: keeping the previous configuration";
    private readonly InMemoryConfigStore _store = new("d.yaml", TestDirector.Configuration, static () =>
        TestDirector.Host);
    private readonly TestLog _log = new();
    private readonly List<Configuration> _proposed = [];
    private readonly RevisionHistory _revisions = new(new ManualTime());
    private readonly StatusReporter _status;
    private readonly ConfigurationReload _reload;
    private string? _rejection;

    public ConfigurationReloadTests()
    {
        _status = new StatusReporter(new DaemonStatus { Running = true });
        _reload =
            new ConfigurationReload(_store,
                new ConfigurationAdmission(TestDirector.Configuration.Node, _ => _rejection).RejectionReason,
                (_, c) => _proposed.Add(c), _status, _revisions, _log.Log);
    }

    [Fact]
    public void Valid_configuration_is_proposed_and_clears_the_errors_of_the_file()
    {
        _status.SetFileErrors(["line 1"]);
        Run(TestDirector.Configuration);
        Assert.Equal(["www", "dns"], Assert.Single(_proposed).VirtualServices.Select(static s => s.Name));
        Assert.Equal("info: the configuration changed", _log.Lines[^1]);
        Assert.Empty(_status.Current.Errors);
    }

    [Fact]
    public void Errors_are_logged_and_reported_and_nothing_is_proposed()
    {
        Run(With(static d => d with { Name = "Edge" }));
        Assert.Empty(_proposed);
        var error = Assert.Single(_status.Current.Errors);
        Assert.StartsWith("d.yaml:/node/name: error: node.name: Edge: ", error, StringComparison.Ordinal);
        Assert.Equal([$"error: {error}", Rejected], _log.Lines);
    }

    [Fact]
    public void Every_revision_is_noted_with_the_decision()
    {
        Run(TestDirector.Configuration);
        Run(With(static d => d with { Name = "Edge" }));
        _store.Fail("there is no such file");
        _reload.Run();
        _rejection = "another engine runs";
        Run(TestDirector.Configuration);
        var revisions = _revisions.Read("edge1").Revisions;
        Assert.Equal(
            [
                RevisionOutcome.Accepted, RevisionOutcome.Rejected, RevisionOutcome.Rejected, RevisionOutcome.Rejected,
            ], revisions.Select(static r => r.Outcome));
        Assert.Equal([2, 3, 4, 5], revisions.Select(static r => r.Number));
        Assert.All(revisions, static r => Assert.Equal("d.yaml", r.Origin));
        Assert.Empty(revisions[0].Errors);
        Assert.StartsWith("d.yaml:/node/name: error: ", Assert.Single(revisions[1].Errors), StringComparison.Ordinal);
        Assert.Equal(["d.yaml cannot be read, and is tried again: there is no such file"], revisions[2].Errors);
        Assert.Equal(["another engine runs"], revisions[3].Errors);
    }

    [Fact]
    public void Unreadable_file_is_a_problem_until_it_can_be_read_and_its_last_errors_stay()
    {
        _status.SetFileErrors(["line 1"]);
        _store.Fail("there is no such file");
        _reload.Run();
        const string Problem = "d.yaml cannot be read, and is tried again: there is no such file";
        Assert.Equal([Problem], _status.Current.Degraded);
        Assert.Equal(["line 1"], _status.Current.Errors);
        Assert.Equal([$"error: {Problem}"], _log.Lines);
        Run(TestDirector.Configuration);
        Assert.Empty(_status.Current.Degraded);
        Assert.Empty(_status.Current.Errors);
    }

    [Theory]
    [InlineData("edge2", "/sys/fs/bpf/sidestep")]
    [InlineData("edge1", "/sys/fs/bpf/other")]
    public void Name_and_pin_path_cannot_change(string name, string pinPath)
    {
        Run(With(d => d with { Name = name, PinPath = pinPath }));
        Assert.Equal(
            ["node.name and node.pinPath cannot change while the daemon runs: they identify its state. "
                + "Restart the daemon with this configuration, in its file or in an empty store"],
            _status.Current.Errors);
        Assert.Empty(_proposed);
    }

    [Fact]
    public void Configuration_that_the_engine_cannot_apply_is_rejected_with_the_reason()
    {
        _rejection = "another engine";
        Run(TestDirector.Configuration);
        Assert.Equal(["another engine"], _status.Current.Errors);
        Assert.Equal(["error: another engine", Rejected], _log.Lines[^2..]);
        Assert.Empty(_proposed);
    }

    private static Configuration With(Func<NodeSettings, NodeSettings> change) =>
        TestDirector.Configuration with { Node = change(TestDirector.Configuration.Node) };

    private void Run(Configuration configuration)
    {
        _store.Set(configuration);
        _reload.Run();
    }
}
