using System.Net.Sockets;
using System.Text;
using Sidestep.Agent.State;

namespace Sidestep.Agent.Running;

/// <summary>Sends commands to the agent that runs in this network namespace, through its Unix socket.</summary>
internal static class RunningAgent
{
    public const string Status = "status", Drain = "drain", Undrain = "undrain";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <returns>The response; null: no agent runs.</returns>
    /// <exception cref="AgentException">An agent runs and does not respond.</exception>
    public static string? SendCommand(string directory, string command)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        {
            ReceiveTimeout = (int)Timeout.TotalMilliseconds,
            SendTimeout = (int)Timeout.TotalMilliseconds,
        };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(StateStore.SocketPath(directory)));
        }
        catch (SocketException)
        {
            return null;
        }
        try
        {
            using var stream = new NetworkStream(socket, ownsSocket: false);
            stream.Write(Encoding.UTF8.GetBytes(command + "\n"));
            using var reader = new StreamReader(stream, Encoding.UTF8);
            return reader.ReadToEnd();
        }
        catch (IOException e)
        {
            throw new AgentException($"the running agent does not respond: {e.Message}",
                "Check its log. Stopping it changes nothing on the host.", e);
        }
    }

    /// <summary>A running agent would revert the changes of any other command.</summary>
    /// <exception cref="AgentException">An agent runs.</exception>
    public static void EnsureNotRunning(string directory)
    {
        if (SendCommand(directory, Status) is not null)
        {
            throw new AgentException("an agent is running in this network namespace and would revert the change",
                "Stop it first (systemctl stop sidestep-agent), which alone changes nothing on the host. To change its "
                + "spec, change the spec file or the director's configuration.");
        }
    }
}
