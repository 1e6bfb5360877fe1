using System.Net;
using System.Net.Sockets;
using System.Text;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Keeps the kernel from doing anything with frames that packet sockets took: it gets them too. What comes in by the
/// interfaces for a VIP is led nowhere, also on a machine that forwards, and is not answered by proxy ARP.</summary>
/// <remarks>What was told the kernel outlives the process, and is written down before: the next process takes it over, or back.</remarks>
internal sealed class BlackholeRoutes : IDisposable
{
    private const uint Table = 5151, Priority = 5151;

    private readonly NetlinkSocket _socket = NetlinkSocket.Open();
    private readonly string? _file;
    private HashSet<IPNetwork> _vips = [];
    private HashSet<(string Interface, AddressFamily Family)> _covered = [];

    /// <summary>What an earlier process left, in this network namespace or another one.</summary>
    private IPNetwork[] _staleVips;

    private (string Interface, AddressFamily Family)[] _staleCovered;

    /// <summary>Knows what an earlier process left; it stays until <see cref="Apply"/>.</summary>
    /// <param name="path">What the file's name begins with; null: nothing is written down.</param>
    internal BlackholeRoutes(string? path)
    {
        _file = path is null ? null : FileOf(path);
        var fields = _file is not null && File.Exists(_file) ? File.ReadAllLines(_file).Select(static l => l.Split(' ')).ToArray() : [];
        _staleVips = [.. fields.Where(static w => w is ["vip", _]).Select(static w => IPNetwork.Parse(w[1]))];
        _staleCovered = [.. fields.Where(static w => w is ["interface", _, _]).Select(static w => (w[1], Enum.Parse<AddressFamily>(w[2])))];
    }

    /// <summary>Takes back what an earlier process left.</summary>
    /// <exception cref="EngineException">The kernel refused it.</exception>
    internal static void RemoveStale(string path)
    {
        if (!File.Exists(FileOf(path)))
            return;
        using var stale = new BlackholeRoutes(path);
        stale.Apply([], []);
    }

    /// <summary>For these VIPs, from these interfaces, and no others.</summary>
    /// <exception cref="EngineException">The kernel refused it.</exception>
    internal void Apply(IEnumerable<IPNetwork> vips, IEnumerable<string> interfaces)
    {
        try
        {
            var desired = vips.ToHashSet();
            var families = desired.Select(static v => v.BaseAddress.AddressFamily).Distinct().ToArray();
            var covered = interfaces.SelectMany(i => families.Select(f => (i, f))).ToHashSet();
            HashSet<IPNetwork> vipsBefore = [.. _vips, .. _staleVips];
            HashSet<(string Interface, AddressFamily Family)> coveredBefore = [.. _covered, .. _staleCovered];
            if (desired.SetEquals(vipsBefore) && covered.SetEquals(coveredBefore) && _staleVips.Length + _staleCovered.Length == 0)
                return;
            Write(desired.Union(vipsBefore), covered.Union(coveredBefore));
            // Packets that are on their way to the kernel find the route before the rule leads there.
            foreach (var added in desired.Except(_vips))
                BlackholeTable.Add(_socket, Table, added);
            foreach (var (name, family) in covered.Except(_covered))
                BlackholeTable.AddRule(_socket, family, Priority, name, Table);
            foreach (var (name, family) in coveredBefore.Except(covered))
                BlackholeTable.RemoveRule(_socket, family, Priority, name, Table);
            foreach (var removed in vipsBefore.Except(desired))
                BlackholeTable.Remove(_socket, Table, removed);
            (_vips, _covered, _staleVips, _staleCovered) = (desired, covered, [], []);
            Write(desired, covered);
        }
        catch (NativeException e)
        {
            throw new EngineException($"the kernel would go on forwarding or answering for VIPs beside the managed engine: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"what the kernel was told of VIPs cannot be written down: {e.Message}", e);
        }
    }

    public void Dispose() => _socket.Dispose();

    private void Write(IEnumerable<IPNetwork> vips, IEnumerable<(string Interface, AddressFamily Family)> covered)
    {
        if (_file is null)
            return;
        string[] lines = [.. vips.Select(static v => $"vip {v}"), .. covered.Select(static c => $"interface {c.Interface} {c.Family}")];
        if (lines.Length == 0)
        {
            File.Delete(_file);
            return;
        }
        AtomicFile.Write(_file, Encoding.UTF8.GetBytes(string.Join('\n', lines)));
    }

    private static string FileOf(string path) => path + ".silenced";
}
