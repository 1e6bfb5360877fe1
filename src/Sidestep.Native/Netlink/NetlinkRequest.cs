using System.Buffers.Binary;

namespace Sidestep.Native.Netlink;

/// <summary>Builds one netlink request: header, fixed part, attributes.</summary>
public sealed class NetlinkRequest
{
    /// <summary>NLM_F_ROOT | NLM_F_MATCH: return all entries.</summary>
    public const ushort Dump = 0x300;

    /// <summary>NLM_F_CREATE: create the object when it does not exist.</summary>
    public const ushort Create = 0x400;

    /// <summary>NLM_F_REPLACE: replace an existing object.</summary>
    public const ushort Replace = 0x100;

    /// <summary>NLM_F_EXCL: fail with EEXIST when the object exists.</summary>
    public const ushort Exclusive = 0x200;

    private const ushort RequestFlag = 1;
    private const ushort AcknowledgeFlag = 4;
    private readonly ushort _flags;
    private byte[] _bytes;

    /// <summary>Starts a request without attributes.</summary>
    /// <param name="purpose">Description for error messages, e.g. <c>add address 192.0.2.1 to lo</c>.</param>
    /// <param name="type">RTM_*.</param>
    /// <param name="flags">Any of the flags above.</param>
    /// <param name="fixedPart">The structure after the header, e.g. struct ifaddrmsg.</param>
    public NetlinkRequest(string purpose, ushort type, ushort flags, ReadOnlySpan<byte> fixedPart)
    {
        Purpose = purpose;
        _flags = (ushort)(flags | RequestFlag);
        _bytes = new byte[NetlinkMessage.HeaderBytes + (fixedPart.Length + 3 & ~3)];
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(4), type);
        fixedPart.CopyTo(_bytes.AsSpan(NetlinkMessage.HeaderBytes));
    }

    /// <summary>Description for error messages.</summary>
    public string Purpose { get; }

    internal bool IsDump => (_flags & Dump) == Dump;

    /// <summary>Appends an attribute, padded to 4 bytes.</summary>
    public NetlinkRequest With(ushort type, ReadOnlySpan<byte> value)
    {
        var at = _bytes.Length;
        Array.Resize(ref _bytes, at + (4 + value.Length + 3 & ~3));
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(at), (ushort)(4 + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(at + 2), type);
        value.CopyTo(_bytes.AsSpan(at + 4));
        return this;
    }

    /// <summary>Appends a 32-bit attribute in host byte order.</summary>
    public NetlinkRequest With(ushort type, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return With(type, bytes);
    }

    /// <summary>The complete message: fills in the length, the flags and the sequence number.</summary>
    internal ReadOnlySpan<byte> Finish(uint sequence, bool acknowledge)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_bytes, _bytes.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(
            _bytes.AsSpan(6), (ushort)(_flags | (acknowledge ? AcknowledgeFlag : 0)));
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(8), sequence);
        return _bytes;
    }
}
