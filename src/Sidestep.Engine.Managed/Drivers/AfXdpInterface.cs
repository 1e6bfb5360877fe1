using System.Buffers.Binary;
using System.Net;
using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>The XDP program that redirects an interface's frames for VIPs to AF_XDP sockets (src/bpf/sockets). It is
/// detached when the process ends.</summary>
internal sealed class AfXdpInterface : IDisposable
{
    private const string Resource = "sockets.bpf.o", ProgramName = "to_sockets";

    private readonly BpfObject _object;
    private readonly BpfProgram _program;
    private readonly BpfMap _sockets, _vips, _self;
    private HashSet<IPNetwork> _known = [];
    private XdpLink? _link;

    /// <summary>struct vip_key of the BPF program: prefix length, then an IPv6 or mapped IPv4 address.</summary>
    [System.Runtime.CompilerServices.InlineArray(20)]
    private struct VipKey
    {
        private byte _first;
    }

    /// <summary>Loads the program; it is not attached yet.</summary>
    /// <param name="index">The kernel's index of the interface.</param>
    /// <param name="mac">Its Ethernet address, in network byte order.</param>
    /// <exception cref="NativeException">The program cannot be loaded.</exception>
    internal AfXdpInterface(int index, ReadOnlySpan<byte> mac)
    {
        Index = index;
        using var stream = typeof(AfXdpInterface).Assembly.GetManifestResourceStream(Resource)!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        _object = BpfObject.Open(copy.ToArray(), "sockets");
        try
        {
            _object.Load();
            _program = _object.Program(ProgramName);
            _sockets = _object.Map("sockets");
            _vips = _object.Map("vips");
            _self = _object.Map("self");
            SetMac(mac);
        }
        catch
        {
            _object.Dispose();
            throw;
        }
    }

    /// <summary>The kernel's index of the interface.</summary>
    internal int Index { get; }

    /// <summary>True while the program is attached. False after the interface was deleted, even if another one has its
    /// index now.</summary>
    internal bool IsAttached => _link?.InterfaceIndex == Index;

    /// <summary>Opens a socket for one of its queues and registers it with the program.</summary>
    /// <param name="umem">Memory of the socket's frames.</param>
    /// <param name="queue">Number of the queue.</param>
    /// <param name="sharing">A socket with the same memory; null: this is the first.</param>
    /// <param name="copies">Copy mode; false: zero copy if the device supports it.</param>
    internal XdpSocket Open(Umem umem, int queue, XdpSocket? sharing, bool copies)
    {
        var socket = XdpSocket.Open(umem, Index, queue, sharing, copies);
        try
        {
            socket.Register(_sockets, queue);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sets the interface's Ethernet address: frames to other addresses are left to the kernel.</summary>
    /// <param name="mac">The address, in network byte order.</param>
    internal void SetMac(ReadOnlySpan<byte> mac)
    {
        Span<byte> word = stackalloc byte[8];
        word.Clear();
        mac.CopyTo(word);
        _self.Update(0u, BinaryPrimitives.ReadUInt64LittleEndian(word));
    }

    /// <summary>Sets the VIPs: only their frames go to the sockets.</summary>
    internal void SetVips(IReadOnlyCollection<IPNetwork> vips)
    {
        var desired = vips.ToHashSet();
        foreach (var added in desired.Except(_known))
            _vips.Update(KeyOf(added), 1u);
        foreach (var removed in _known.Except(desired))
            _vips.Delete(KeyOf(removed));
        _known = desired;
    }

    /// <summary>Attaches the program in native mode, or in generic mode if the device driver rejects it.</summary>
    /// <returns>Why it is in generic mode; null: it is in native mode.</returns>
    /// <exception cref="NativeException">Both modes failed, or another program is attached.</exception>
    internal string? Attach()
    {
        try
        {
            _link = XdpLink.Create(_program, Index, native: true);
            return null;
        }
        catch (NativeException e) when (!e.IsBusy)
        {
            _link = XdpLink.Create(_program, Index, native: false);
            return $"its driver rejected XDP ({e.Message}), so frames pass through the network stack";
        }
    }

    public void Dispose()
    {
        _link?.Dispose();
        _sockets.Dispose();
        _vips.Dispose();
        _self.Dispose();
        _program.Dispose();
        _object.Dispose();
    }

    private static VipKey KeyOf(IPNetwork vip)
    {
        var key = default(VipKey);
        Span<byte> bytes = key;
        var address = vip.BaseAddress.MapToIPv6();
        var mappedBits = PrefixText.BitsOf(address) - PrefixText.BitsOf(vip.BaseAddress);
        BinaryPrimitives.WriteInt32LittleEndian(bytes, vip.PrefixLength + mappedBits);
        address.TryWriteBytes(bytes[4..], out _);
        return key;
    }
}
