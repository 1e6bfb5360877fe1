using System.Globalization;

namespace Sidestep.Lab.Processes;

/// <summary>Checks, in /proc, whether a socket listens in the namespace of a process. A probe would show up in the
/// captures.</summary>
internal static class ListenerCheck
{
    private const string TcpListen = "0A"; // include/net/tcp_states.h

    /// <param name="socket">"tcp:80" or "udp:7".</param>
    public static bool Has(ProcessIdentity process, string socket)
    {
        var (protocol, port) = socket.Split(':') is [var p, var n] && p is "tcp" or "udp"
            ? (p, int.Parse(n, CultureInfo.InvariantCulture))
            : throw new LabException($"'{socket}' in a topology's 'listens' is not tcp:PORT or udp:PORT.");
        return process.IsAlive() && (Has(process.Id, protocol, port) || Has(process.Id, protocol + "6", port));
    }

    private static bool Has(int id, string protocol, int port)
    {
        var table = $"/proc/{id}/net/{protocol}";
        return File.Exists(table) && File.ReadLines(table).Skip(1).Any(line =>
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return fields[1].EndsWith($":{port:X4}", StringComparison.Ordinal)
                && (protocol.StartsWith("udp", StringComparison.Ordinal) || fields[3] == TcpListen);
        });
    }
}
