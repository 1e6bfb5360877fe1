using System.Net.Sockets;
using System.Text.Json;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>A process of <c>sidestep-agent run</c>.</summary>
internal sealed class AgentProcess(RealServer setup, string options)
    : ChildProcess("the agent", setup.Command("run " + options))
{
    private static readonly TimeSpan ReportTimeout = TimeSpan.FromSeconds(60);

    public static string Executable => Repository.Executable("Sidestep.Agent", "sidestep-agent");

    /// <summary>The first report that meets a condition.</summary>
    public JsonElement WaitForReport(Func<JsonElement, bool> condition)
    {
        JsonElement report = default;
        Eventually.True(() =>
        {
            if (ReportOrNull() is not { } text)
                return false;
            using var document = JsonDocument.Parse(text);
            report = document.RootElement.Clone();
            return condition(report);
        }, () => $"no such report; the last is {report}\nand the output is:\n{CombinedOutput}", ReportTimeout);
        return report;
    }

    /// <summary>What <c>sidestep-agent status --json</c> prints, from the socket of this agent: a process for each
    /// poll would take processor time from the agent that it waits for.</summary>
    private string? ReportOrNull()
    {
        if (Directory.GetFiles(setup.StateDirectory, "*.sock") is not [var path])
            return null;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            socket.ReceiveTimeout = (int)ReportTimeout.TotalMilliseconds;
            using var stream = new NetworkStream(socket);
            stream.Write("status\n"u8);
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd() is { Length: > 0 } text && text.Trim() != "{}" ? text : null;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            // It does not listen yet.
            return null;
        }
    }
}
