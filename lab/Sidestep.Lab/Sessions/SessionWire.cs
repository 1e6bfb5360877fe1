using System.Buffers.Binary;
using System.Text;

namespace Sidestep.Lab.Sessions;

/// <summary>
/// What goes over a session. A request says which session it belongs to and its number in it; the answer repeats both and
/// says who answers: a server's name, and a number that every start of a server draws anew. All numbers in network byte
/// order, all messages of one length.
/// </summary>
internal static class SessionWire
{
    public const int RequestLength = 16;
    public const int ResponseLength = RequestLength + sizeof(ulong) + NameLength;

    private const int NameLength = 16;

    public static void WriteRequest(Span<byte> target, ulong session, ulong number)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, session);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], number);
    }

    /// <param name="request">Repeated as it is.</param>
    public static void WriteResponse(Span<byte> target, ReadOnlySpan<byte> request, ServerInstance server)
    {
        request[..RequestLength].CopyTo(target);
        BinaryPrimitives.WriteUInt64BigEndian(target[RequestLength..], server.Number);
        var name = target.Slice(RequestLength + sizeof(ulong), NameLength);
        name.Clear();
        Encoding.ASCII.GetBytes(server.Name.AsSpan(0, Math.Min(server.Name.Length, NameLength)), name);
    }

    /// <returns>Who answered; null when it is not the answer to this request.</returns>
    public static ServerInstance? ReadResponse(ReadOnlySpan<byte> response, ReadOnlySpan<byte> request)
        => response[..RequestLength].SequenceEqual(request)
            ? new ServerInstance(
                Encoding.ASCII.GetString(response[(RequestLength + sizeof(ulong))..ResponseLength].TrimEnd((byte)0)),
                BinaryPrimitives.ReadUInt64BigEndian(response[RequestLength..]))
            : null;
}

/// <summary>A server from its start to its end.</summary>
/// <param name="Name">The node's.</param>
/// <param name="Number">Drawn at the start.</param>
internal readonly record struct ServerInstance(string Name, ulong Number);
