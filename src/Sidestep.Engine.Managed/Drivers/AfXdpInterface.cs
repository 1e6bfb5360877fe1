using System.Buffers.Binary;
using System.Net;
using Sidestep.Native;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>The program that hands an interface's frames for VIPs to sockets (src/bpf/sockets). It is gone with this process.</summary>
internal sealed class AfXdpInterface : IDisposable
{
    private const string Resource = "sockets.bpf.o", ProgramName = "to_sockets";

    private readonly BpfObject _object;
    private readonly BpfProgram _program;
    private readonly BpfMap _sockets, _vips, _self;
    private HashSet<IPNetwork> _known = [];
    private XdpLink? _link;

    /// <summary>struct vip_key</summary>
    [System.Runtime.CompilerServices.InlineArray(20)]
    private struct VipKey
    {
        private byte _first;
    }

    /// <summary>Loads it; nothing is attached yet.</summary>
    /// <param name="index">The kernel's index of the interface.</param>
    /// <param name="mac">Its Ethernet address, in wire order.</param>
    /// <exception cref="NativeException">BPF cannot be loaded.</exception>
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

    /// <summary>A socket for one of its queues.</summary>
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

    /// <summary>What is addressed to others is the kernel's.</summary>
    /// <param name="mac">The interface's Ethernet address, in wire order.</param>
    internal void SetMac(ReadOnlySpan<byte> mac)
    {
        Span<byte> word = stackalloc byte[8];
        word.Clear();
        mac.CopyTo(word);
        _self.Update(0u, BinaryPrimitives.ReadUInt64LittleEndian(word));
    }

    /// <summary>Frames for these VIPs go to the sockets, and no others.</summary>
    internal void SetVips(IReadOnlyCollection<IPNetwork> vips)
    {
        var desired = vips.ToHashSet();
        foreach (var added in desired.Except(_known))
            _vips.Update(KeyOf(added), 1u);
        foreach (var removed in _known.Except(desired))
            _vips.Delete(KeyOf(removed));
        _known = desired;
    }

    /// <summary>Attaches it: in the driver, or, when that cannot, in the network stack.</summary>
    /// <returns>Why it is not in the driver; null: it is.</returns>
    /// <exception cref="NativeException">Neither can, or another program is attached.</exception>
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
            return $"its driver refused XDP ({e.Message}), so frames take the way through the network stack";
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
        const int Ipv4Bits = 32, MappedBits = 96;
        var key = default(VipKey);
        Span<byte> bytes = key;
        var address = vip.BaseAddress.MapToIPv6();
        BinaryPrimitives.WriteInt32LittleEndian(bytes, vip.PrefixLength + (vip.BaseAddress.GetAddressBytes().Length * 8 == Ipv4Bits ? MappedBits : 0));
        address.TryWriteBytes(bytes[4..], out _);
        return key;
    }
}
