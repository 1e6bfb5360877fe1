using System.Text.Json;
using Sidestep.Agent.Running;
using Sidestep.Api;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Agent.Running;

public sealed class OperatorCommandsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();
    private readonly List<string> _sent = [];
    private readonly SharedState _shared;
    private readonly OperatorCommands _commands;

    public OperatorCommandsTests()
    {
        _shared = new SharedState(_time, AdminStates.Enabled);
        _commands = new OperatorCommands(_folder.Path, _shared, _sent.Add);
    }

    [Fact]
    public void Status_is_the_last_report_as_JSON_and_empty_before_the_first()
    {
        Assert.Equal("{}", _commands.Execute("status"));
        _shared.Publish(TestReport.Empty with { Sequence = 3 });
        using var json = JsonDocument.Parse(_commands.Execute("status"));
        Assert.Equal(3, json.RootElement.GetProperty("sequence").GetInt64());
    }

    [Fact]
    public void Drain_is_stored_reported_at_once_and_sent_and_undrain_reverts_it()
    {
        foreach (var (command, state) in new[] { ("drain", "draining"), ("undrain", "enabled") })
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            _shared.StartReport();
            Assert.Equal(state, _commands.Execute(command));
            Assert.Equal((state, _time.Monotonic()), (StoredAdminState.Read(_folder.Path), _shared.ReportTime));
            _shared.Publish(TestReport.Empty);
            Assert.Equal(state, _shared.LastReport!.AdminState);
        }
        Assert.Equal(["draining", "enabled"], _sent);
    }

    [Theory]
    [InlineData("")]
    [InlineData("reboot")]
    [InlineData("Drain")]
    public void An_unknown_command_changes_nothing(string command)
    {
        Assert.Equal("unknown", _commands.Execute(command));
        Assert.Empty(_sent);
        Assert.Equal(MonotonicTime.Never, _shared.ReportTime);
    }

    public void Dispose() => _folder.Dispose();
}
