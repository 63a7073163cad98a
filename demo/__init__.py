"""The sample stream of the invented grocery chain «Морошка», and a site that publishes it."""
