using Sidestep.Agent.Running;

namespace Sidestep.UnitTests.Agent.Running;

public sealed class AgentLogTests
{
    private readonly List<(AgentEvent Id, string Text)> _written = [];
    private readonly AgentLog _log;

    public AgentLogTests() => _log = new AgentLog((id, text) => _written.Add((id, text)));

    [Fact]
    public void Every_event_is_written()
    {
        _log.Write(AgentEvent.HostChanged, "a");
        _log.Write(AgentEvent.HostChanged, "a");
        Assert.Equal([(AgentEvent.HostChanged, "a"), (AgentEvent.HostChanged, "a")], _written);
    }

    [Fact]
    public void The_same_error_under_the_same_key_is_written_once()
    {
        foreach (var (key, text) in new[] { ("x", "a"), ("x", "a"), ("y", "a"), ("x", "b"), ("x", "b"), ("x", "a") })
            _log.WriteOnce(AgentEvent.PassFailed, key, text);
        Assert.Equal(["a", "a", "b", "a"], _written.Select(static w => w.Text));
        Assert.All(_written, static w => Assert.Equal(AgentEvent.PassFailed, w.Id));
    }

    [Fact]
    public void An_error_that_returns_after_its_end_is_written_again()
    {
        _log.WriteOnce(AgentEvent.PassFailed, "x", "a");
        _log.WriteOnce(AgentEvent.PassFailed, "y", "a");
        _log.Forget("x");
        _log.Forget("unknown");
        _log.WriteOnce(AgentEvent.PassFailed, "x", "a");
        _log.WriteOnce(AgentEvent.PassFailed, "y", "a");
        Assert.Equal(3, _written.Count);
    }

    [Fact]
    public void The_number_of_an_event_belongs_to_it_alone()
    {
        var ids = Enum.GetValues<AgentEvent>();
        Assert.Equal(ids.Length, Enum.GetNames<AgentEvent>().Length);
        Assert.Equal(ids.Length, ids.Distinct().Count());
    }
}
