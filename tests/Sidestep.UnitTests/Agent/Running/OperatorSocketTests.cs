using System.Net.Sockets;
using System.Text;
using Sidestep.Agent;
using Sidestep.Agent.Running;
using Sidestep.Agent.State;

namespace Sidestep.UnitTests.Agent.Running;

public sealed class OperatorSocketTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<string> _log = [];

    private string SocketPath => StateStore.SocketPath(_folder.Path);

    [Fact]
    public void Each_connection_carries_one_command_and_its_response()
    {
        var long_ = new string('x', 1 << 20);
        using var socket = new OperatorSocket(SocketPath, c => c == "status" ? long_ : $"<{c}>", _log.Add);
        Assert.Equal(long_, RunningAgent.SendCommand(_folder.Path, "status"));
        Assert.Equal("<drain>", RunningAgent.SendCommand(_folder.Path, RunningAgent.Drain));
        Assert.Equal("<undrain>", RunningAgent.SendCommand(_folder.Path, RunningAgent.Undrain));
    }

    [Fact]
    public void Only_root_may_connect_and_the_file_goes_with_the_agent()
    {
        using (new OperatorSocket(SocketPath, static c => c, _log.Add))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SocketPath));
        Assert.Empty(_folder.Files);
    }

    [Fact]
    public void The_socket_of_a_killed_agent_is_replaced()
    {
        File.WriteAllText(SocketPath, "");
        Assert.Null(RunningAgent.SendCommand(_folder.Path, "status"));
        using var socket = new OperatorSocket(SocketPath, static c => c, _log.Add);
        Assert.Equal("status", RunningAgent.SendCommand(_folder.Path, "status"));
    }

    [Fact]
    public void Without_a_running_agent_there_is_no_response_and_no_obstacle()
    {
        Assert.Null(RunningAgent.SendCommand(_folder.Path, "status"));
        RunningAgent.EnsureNotRunning(_folder.Path);
    }

    [Fact]
    public void A_running_agent_prevents_other_changes()
    {
        using var socket = new OperatorSocket(SocketPath, static _ => "{}", _log.Add);
        Assert.Contains("systemctl stop sidestep-agent",
            Assert.Throws<AgentException>(() => RunningAgent.EnsureNotRunning(_folder.Path)).Remedy,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_connection_that_sends_nothing_does_not_stop_the_next()
    {
        using var socket = new OperatorSocket(SocketPath, static c => $"<{c}>", _log.Add);
        using (var silent = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            silent.Connect(new UnixDomainSocketEndPoint(SocketPath));
            silent.Shutdown(SocketShutdown.Both);
        }
        Assert.Equal("<status>", RunningAgent.SendCommand(_folder.Path, "status"));
    }

    [Fact]
    public void Only_the_first_64_bytes_of_a_command_count()
    {
        using var socket = new OperatorSocket(SocketPath, static c => $"{c.Length}", _log.Add);
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(SocketPath));
        client.Send(Encoding.UTF8.GetBytes(new string('x', 100)));
        var buffer = new byte[16];
        Assert.Equal("64", Encoding.UTF8.GetString(buffer, 0, client.Receive(buffer)));
    }

    public void Dispose() => _folder.Dispose();
}
