using Sidestep.Lab.Processes;

namespace Sidestep.Lab.Network;

/// <summary>The kernel's information on the sockets in the namespace of a process.</summary>
internal static class SocketTable
{
    // include/net/tcp_states.h
    private const string TimeWait = "06", Listen = "0A";

    /// <summary>TCP connections, without those in states CLOSE and TIME_WAIT.</summary>
    public static int Connections(ProcessIdentity process)
        => ((string[])["tcp", "tcp6"]).Sum(table => File.ReadLines($"/proc/{process.Id}/net/{table}").Skip(1)
            .Count(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3] is not (TimeWait or Listen)));

    /// <summary>TCP segments and UDP datagrams that the kernel counted as received.</summary>
    public static long Received(ProcessIdentity process) =>
        Counter(process, "Tcp", "InSegs") + Udp(process, "InDatagrams");

    /// <summary>Datagrams that the kernel dropped because a socket's send or receive buffer was full.</summary>
    public static long BufferDrops(ProcessIdentity process) =>
        Udp(process, "RcvbufErrors") + Udp(process, "SndbufErrors");

    /// <summary>Segments that TCP retransmitted.</summary>
    public static long Retransmitted(ProcessIdentity process) => Counter(process, "Tcp", "RetransSegs");

    private static long Udp(ProcessIdentity process, string name) =>
        Counter(process, "Udp", name) + Udp6(process, name);

    private static long Udp6(ProcessIdentity process, string name)
    {
        var path = $"/proc/{process.Id}/net/snmp6";
        return File.Exists(path)
            ? File.ReadLines(path).Select(l => l.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
                .Where(f => f[0] == $"Udp6{name}").Sum(f => Number(f[1]))
            : 0;
    }

    // /proc/net/snmp: per protocol a line of names and a line of numbers.
    private static long Counter(ProcessIdentity process, string protocol, string name)
    {
        var lines = File.ReadLines($"/proc/{process.Id}/net/snmp")
            .Where(l => l.StartsWith($"{protocol}:", StringComparison.Ordinal)).Select(l => l.Split(' ')).ToArray();
        return lines is [var names, var values] && Array.IndexOf(names, name) is > 0 and var at
            ? Number(values[at]) : 0;
    }

    private static long Number(string text) => long.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
