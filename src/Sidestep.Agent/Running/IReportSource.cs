using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Running;

/// <summary>The source of a report's content besides conditions: the kernel and its tools.</summary>
internal interface IReportSource : IDisposable
{
    /// <summary>Lines of <c>/proc/self/net/snmp</c> or <c>netstat</c>.</summary>
    IReadOnlyList<string> ReadCounters(string file);

    /// <summary>A file of /proc that contains one number; null: there is none.</summary>
    long? ReadNumber(string path);

    /// <summary>Lines of <c>nft list ruleset</c>; empty without nft.</summary>
    IReadOnlyList<string> Ruleset();

    /// <summary>Listening sockets; null: the kernel cannot list them, because it has no inet_diag.</summary>
    IReadOnlyList<(string Protocol, IPAddress Address, int Port)>? Listeners(int limit);

    /// <summary>The neighbour table (ARP and neighbour discovery).</summary>
    IReadOnlyList<Neighbour> Neighbours();

    /// <summary>The enabled offloads of an interface, by the names of ethtool.</summary>
    IReadOnlyList<string> Offloads(string interfaceName);
}

/// <summary>The running kernel, in the network namespace of this process.</summary>
internal sealed class LinuxReportSource : IReportSource
{
    private static readonly TimeSpan ToolTimeout = TimeSpan.FromSeconds(5);
    private readonly NetlinkSocket _socket = NetlinkSocket.Open();

    public IReadOnlyList<string> ReadCounters(string file) => File.ReadAllLines("/proc/self/net/" + file);

    public long? ReadNumber(string path)
    {
        try
        {
            return long.TryParse(File.ReadAllText(path), CultureInfo.InvariantCulture, out var value) ? value : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public IReadOnlyList<string> Ruleset()
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("nft", ["list", "ruleset"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
            if (process is null)
                return [];
            var text = process.StandardOutput.ReadToEndAsync();
            if (process.WaitForExit(ToolTimeout))
                return text.GetAwaiter().GetResult().Split('\n');
            process.Kill();
            return [];
        }
        catch (Win32Exception)
        {
            // nft is not installed.
            return [];
        }
    }

    public IReadOnlyList<(string Protocol, IPAddress Address, int Port)>? Listeners(int limit)
    {
        try
        {
            return ListeningSockets.List(limit);
        }
        catch (NativeException)
        {
            return null;
        }
    }

    public IReadOnlyList<Neighbour> Neighbours() => Native.Netlink.Neighbours.List(_socket);

    public IReadOnlyList<string> Offloads(string interfaceName) => EthtoolOffloads.Enabled(interfaceName);

    public void Dispose() => _socket.Dispose();
}
