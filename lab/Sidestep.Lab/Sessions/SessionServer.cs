using System.Net;
using System.Net.Sockets;

namespace Sidestep.Lab.Sessions;

/// <summary>Answers requests on as many sessions as come, for as long as their clients want.</summary>
internal static class SessionServer
{
    // More than open at once in any run, so that no SYN is dropped for want of room.
    private const int Backlog = 4096;

    public static async Task ServeAsync(IPEndPoint listen, ServerInstance server, CancellationToken cancel)
    {
        using var listener = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(listen);
        listener.Listen(Backlog);
        while (!cancel.IsCancellationRequested)
            _ = RespondAsync(await listener.AcceptAsync(cancel), server, cancel);
    }

    private static async Task RespondAsync(Socket session, ServerInstance server, CancellationToken cancel)
    {
        using var owned = session;
        try
        {
            session.NoDelay = true;
            var request = new byte[SessionWire.RequestLength];
            var response = new byte[SessionWire.ResponseLength];
            while (await SessionSocket.ReceiveAllAsync(session, request, cancel))
            {
                SessionWire.WriteResponse(response, request, server);
                await session.SendAsync(response, cancel);
            }
            session.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // The client's end of the session judges; here there is nothing to add.
        }
        catch (OperationCanceledException)
        {
            // The server ends.
        }
    }
}
