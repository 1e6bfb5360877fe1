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
internal sealed class Silence : IDisposable
{
    private const uint Table = 5151, Priority = 5151;

    private readonly NetlinkSocket _socket = NetlinkSocket.Open();
    private readonly string? _file;
    private HashSet<IPNetwork> _vips = [];
    private HashSet<(string Interface, AddressFamily Family)> _covered = [];

    /// <summary>What an earlier process left, in this network namespace or another one.</summary>
    private IPNetwork[] _leftVips;

    private (string Interface, AddressFamily Family)[] _leftCovered;

    /// <summary>Knows what an earlier process left; it stays until <see cref="Follow"/>.</summary>
    /// <param name="path">What the file's name begins with; null: nothing is written down.</param>
    internal Silence(string? path)
    {
        _file = path is null ? null : FileOf(path);
        var words = _file is not null && File.Exists(_file) ? File.ReadAllLines(_file).Select(static l => l.Split(' ')).ToArray() : [];
        _leftVips = [.. words.Where(static w => w is ["vip", _]).Select(static w => IPNetwork.Parse(w[1]))];
        _leftCovered = [.. words.Where(static w => w is ["interface", _, _]).Select(static w => (w[1], Enum.Parse<AddressFamily>(w[2])))];
    }

    /// <summary>Takes back what an earlier process left.</summary>
    /// <exception cref="EngineException">The kernel refused it.</exception>
    internal static void RemoveLeft(string path)
    {
        if (!File.Exists(FileOf(path)))
            return;
        using var left = new Silence(path);
        left.Follow([], []);
    }

    /// <summary>For these VIPs, from these interfaces, and no others.</summary>
    /// <exception cref="EngineException">The kernel refused it.</exception>
    internal void Follow(IEnumerable<IPNetwork> vips, IEnumerable<string> interfaces)
    {
        try
        {
            var wanted = vips.ToHashSet();
            var families = wanted.Select(static v => v.BaseAddress.AddressFamily).Distinct().ToArray();
            var covered = interfaces.SelectMany(i => families.Select(f => (i, f))).ToHashSet();
            HashSet<IPNetwork> vipsBefore = [.. _vips, .. _leftVips];
            HashSet<(string Interface, AddressFamily Family)> coveredBefore = [.. _covered, .. _leftCovered];
            if (wanted.SetEquals(vipsBefore) && covered.SetEquals(coveredBefore) && _leftVips.Length + _leftCovered.Length == 0)
                return;
            Write(wanted.Union(vipsBefore), covered.Union(coveredBefore));
            // Packets that are on their way to the kernel find the route before the rule leads there.
            foreach (var added in wanted.Except(_vips))
                SilencedAddresses.Add(_socket, Table, added);
            foreach (var (name, family) in covered.Except(_covered))
                SilencedAddresses.Cover(_socket, family, Priority, name, Table);
            foreach (var (name, family) in coveredBefore.Except(covered))
                SilencedAddresses.Uncover(_socket, family, Priority, name, Table);
            foreach (var removed in vipsBefore.Except(wanted))
                SilencedAddresses.Remove(_socket, Table, removed);
            (_vips, _covered, _leftVips, _leftCovered) = (wanted, covered, [], []);
            Write(wanted, covered);
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
        ReplacedFile.Write(_file, Encoding.UTF8.GetBytes(string.Join('\n', lines)));
    }

    private static string FileOf(string path) => path + ".silenced";
}
